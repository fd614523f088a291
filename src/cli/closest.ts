export { closest } from '../core/closest.ts'
