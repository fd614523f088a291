/** mocha's spec reporter, and one plain closing line for people and machines: `N passed, N failed`. */
import mocha from 'mocha'

export default class Reporter extends mocha.reporters.Spec {
  epilogue() {
    super.epilogue()
    console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`)
  }
}
