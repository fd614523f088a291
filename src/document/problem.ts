/**
 * What can be wrong with a config as a document: each code, what it means, the way out.
 *
 * A code never changes its meaning; lxcnet-errors(7) is made from the table.
 */
import type { Place } from '../core/error.ts'

/** An error means that LXC refuses the file or that the container surely breaks. */
export interface Problem {
  code: string
  message: string
  place: Place
  severity: 'error' | 'warning'
}

export const problemCodes: Record<string, { summary: string; fix: string }> = {
  'bad-index': {
    summary: 'The index of a NIC is not one that LXC takes; the whole file is refused.',
    fix: 'Write a decimal number: lxc.net.0.link.',
  },
  'bad-value': {
    summary: 'LXC would not read the value back as it was given.',
    fix: 'Give it on one line, without blanks or quotes around it.',
  },
  'byte-order-mark': {
    summary: 'The file starts with a byte order mark, so LXC ignores its first line.',
    fix: 'Save the file as UTF-8 without byte order mark.',
  },
  'carriage-return': {
    summary: 'LXC before 3.0.4, and 3.1, takes the CR of a CRLF line end into the value.',
    fix: 'Save the file with LF line ends, or upgrade LXC.',
  },
  'clear-before-define': {
    summary: 'An empty value clears a key of a NIC that does not exist yet; the whole file is refused.',
    fix: 'Remove the line, or put it below the NIC.',
  },
  'edit-defeated': {
    summary: 'Other lines of the file would defeat the change.',
    fix: 'Bring the NIC into one block, type first, and try again.',
  },
  'gateway-sticks': {
    summary: 'LXC keeps an earlier "dev" or "auto" of a gateway, whatever a later line says.',
    fix: 'Remove the earlier line.',
  },
  'include-cycle': {
    summary: 'A file includes itself; LXC crashes on it.',
    fix: 'Remove one of the lxc.include lines.',
  },
  'include-missing': {
    summary: 'An included file is not there; the whole file is refused.',
    fix: 'Create it, or remove the lxc.include line.',
  },
  'include-not-upgraded': {
    summary: 'An upgrade changes one file; what it includes may have legacy keys too.',
    fix: 'Upgrade the included file as well, unless a package owns it.',
  },
  'include-relative': {
    summary: 'A relative include is looked for where the LXC command happens to be run.',
    fix: 'Write the absolute path.',
  },
  'include-unsorted': {
    summary: 'Several files of an include directory set NICs, and LXC reads them in no fixed order.',
    fix: 'Keep the keys of NICs in one of them.',
  },
  'index-gap': {
    summary: 'The indexes of the NICs have a gap; lxc-info stops at it.',
    fix: 'Number the NICs from 0 on.',
  },
  'key-refused': {
    summary: 'This LXC does not know the key and refuses the whole file.',
    fix: 'Remove the line, or upgrade LXC.',
  },
  'legacy-clear': {
    summary: 'LXC up to 2.1 refuses, or crashes on, an empty legacy address.',
    fix: 'Remove the line.',
  },
  'legacy-key': {
    summary: 'A key that LXC 3.0 dropped; the whole file is refused.',
    fix: '`lxcnet upgrade` renames it.',
  },
  'legacy-key-before-type': {
    summary: 'A legacy key of a NIC stands before the first lxc.network.type; the whole file is refused.',
    fix: 'Put lxc.network.type first.',
  },
  'legacy-no-such-nic': {
    summary: 'A legacy key with an index names a NIC that does not exist at that line.',
    fix: 'Put it below the lxc.network.type of its NIC.',
  },
  'legacy-refused': {
    summary: 'LXC 3.0 and later refuse a file with lxc.network keys.',
    fix: '`lxcnet upgrade` makes it lxc.net.',
  },
  'looks-like-setting': {
    summary: 'LXC ignores the line since it does not start with "lxc.", yet it looks like a setting.',
    fix: 'Correct its start, or make it a comment with #.',
  },
  'malformed-line': {
    summary: 'A line starts with "lxc." and has no "="; the whole file is refused.',
    fix: 'Write `key = value`, or make it a comment with #.',
  },
  'mixed-styles': {
    summary: 'The file has lxc.net and lxc.network keys; only LXC 2.1 loads it, and not as it looks.',
    fix: '`lxcnet upgrade` makes all of it lxc.net.',
  },
  'modern-refused': {
    summary: 'LXC before 2.1 refuses a file with lxc.net keys.',
    fix: 'Upgrade LXC, or use lxc.network keys.',
  },
  'net-with-value': {
    summary: '"lxc.net" and "lxc.net.N" take no value; the whole file is refused.',
    fix: 'Name a key: lxc.net.0.link.',
  },
  'nic-exists': { summary: 'The file has this NIC already.', fix: 'Choose another index.' },
  'no-such-nic': { summary: 'The file has no such NIC.', fix: '`lxcnet show` lists the NICs.' },
  'nul-byte': { summary: 'The file has a NUL byte; LXC ignores everything after it.', fix: 'Remove the NUL byte.' },
  'proxmox-file': { summary: "The file is Proxmox VE's, which makes the LXC config from it.", fix: 'Use `pct set`.' },
  'trailing-comment': {
    summary: 'LXC takes "# …" behind a value as part of the value.',
    fix: 'Put the comment on a line of its own.',
  },
  'type-after-keys': {
    summary: 'LXC 4.0.7 and later forget the keys of a NIC that stand above its type.',
    fix: 'Put the type first.',
  },
  'type-wipes': {
    summary: 'A second type of a NIC makes LXC 4.0.7 and later forget the keys above it.',
    fix: 'Keep one type line, as the first of its NIC.',
  },
  'utf-16': { summary: 'The file is UTF-16; LXC takes it for empty.', fix: 'Save it as UTF-8.' },
  'value-truncated': { summary: 'LXC cuts the name of an interface after 15 bytes.', fix: 'Choose a shorter name.' },
  'wrong-type-key': {
    summary: 'The key does not belong to the type of its NIC; LXC 4.0.7 and later refuse the whole file.',
    fix: 'Remove it, or put it below the type.',
  },
}
