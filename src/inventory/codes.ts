/** Every code that the inventory gives: what it means and the way out. The manual is made from it. */
export const inventoryCodes: Record<string, { summary: string; fix: string }> = {
  'bad-inventory': {
    summary:
      'A line of the inventory cannot be read, or a variable that lxcnet needs is a template, a vault or no fit value; or the file is a directory, a program or YAML.',
    fix: 'Correct the line; `ansible-inventory --list -i FILE` shows how Ansible reads it.',
  },
  'host-exists': { summary: 'The inventory has a host of that name.', fix: 'Remove it first, or edit its line.' },
  'host-in-range': {
    summary: 'The host stands in a range, together with others.',
    fix: "Edit the range, or leave the host out of a run: --limit '!HOST'.",
  },
  'no-group': { summary: 'The inventory has no such group, or no host in it.', fix: '`lxcnet host list`' },
  'no-host': { summary: 'No host of the inventory is called so.', fix: '`lxcnet host list`' },
  'no-inventory': {
    summary: 'The inventory that was named is missing, or there is none in which to find a group or a pattern.',
    fix: '-i FILE, or `lxcnet host add` to make one.',
  },
  unwritable: { summary: 'The inventory cannot be written.', fix: 'Run it as who owns the file, or -i FILE.' },
}
