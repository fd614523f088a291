/** The inventory: which hosts there are, in groups, and how to log in to each; an INI file in Ansible's form. */
import type { Target } from '../core/target.ts'

export interface Inventory {
  /** As given or found; for messages. */
  file: string
  /** In the file's order. */
  hosts: ReadonlyMap<string, InventoryHost>
  /** Group → its hosts, children's included; `all` and `ungrouped` among them. */
  groups: ReadonlyMap<string, readonly string[]>
}

export interface InventoryHost {
  name: string
  groups: readonly string[]
  /** After inheritance: all, parent, child, host. */
  vars: ReadonlyMap<string, string>
  target: Target
}
