/** Runs a script of Node.js and prints what run.ts tells of it, as JSON: on a host of the lab, so that the way there is not counted. */
import { node } from './run.ts'

process.stdout.write(JSON.stringify(node(process.argv.slice(2))))
