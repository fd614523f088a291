#!/usr/bin/env node
/** lxcnet straight from its sources: no build, no cache, real stack traces. Needs the Node.js of node_modules/.bin. */
import { manifest } from '../build.ts'
import { main, namesOf } from '../src/main.ts'

const commands = await manifest()
void main(process.argv.slice(2), namesOf(commands), () => commands)
