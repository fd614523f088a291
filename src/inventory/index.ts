/** The inventory: which hosts there are, in groups, and how to log in to each; an INI file in Ansible's form. */
export { chooseHosts, chooseTargets, type Wanted } from './choose.ts'
export { inventoryCodes } from './codes.ts'
export { addHost, masked, type NewHost, removeHost } from './edit.ts'
export { findInventory, inventoryToEdit, readInventory, replaceText, textToEdit, unreadBeside } from './file.ts'
export { type Inventory, type InventoryHost, inventoryOf } from './inventory.ts'
export { isSecret } from './target.ts'
