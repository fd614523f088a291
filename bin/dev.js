#!/usr/bin/env node
/** lxcnet straight from its sources: no build, no cache, real stack traces. Needs the Node.js of node_modules/.bin. */
import { manifest } from '../build.ts'
import { main } from '../src/main.ts'

void main(process.argv.slice(2), await manifest())
