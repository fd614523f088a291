/** Every code that lxcnet gives, for lxcnet-errors(7): what it means and the way out. Codes never change their meaning. */
import { bridgeCodes } from '../bridge/index.ts'
import { dnsmasqCodes } from '../dnsmasq/index.ts'
import { problemCodes } from '../document/problem.ts'
import { firewallCodes } from '../firewall/index.ts'
import { gatewayCodes } from '../gateway/index.ts'
import { inventoryCodes } from '../inventory/index.ts'
import { natCodes } from '../lxc-net/index.ts'
import { nicCodes } from '../nic/index.ts'
import { ovsCodes } from '../ovs/index.ts'
import { shimCodes } from '../shim/index.ts'
import { siteCodes } from '../site/index.ts'
import { sshCodes } from '../ssh/index.ts'

const ownCodes: Record<string, { summary: string; fix: string }> = {
  abandoned: {
    summary: 'A killed run left a change unfinished.',
    fix: 'The next changing command takes it back; nothing else is needed.',
  },
  awaiting: {
    summary: 'A change on the host waits for its confirmation; until then nothing else is changed there.',
    fix: '`lxcnet confirm ID` keeps it, `lxcnet rollback ID` takes it back; its time takes it back by itself.',
  },
  'bad-container-name': {
    summary: 'Not a name that lxcnet works with: hooks get it through `sh -c`.',
    fix: 'Letters, digits, ".", "_", "-"; at most 64.',
  },
  'bad-object-name': {
    summary: 'Not a name for an object of this kind: it becomes the name of a link or of a file.',
    fix: 'The message says what it may be.',
  },
  'bad-plan': {
    summary: 'The file is not a plan that `lxcnet plan --out` wrote.',
    fix: 'A site file is named by -f.',
  },
  'bad-record': {
    summary: "A host's record of what a site set there is damaged.",
    fix: 'Put it back from a backup, or remove it: the site then owns nothing there.',
  },
  bug: { summary: 'lxcnet itself is wrong.', fix: 'Run it with --verbose and report what it prints.' },
  'cannot-change': {
    summary:
      'A file cannot be replaced: read-only, immutable, a mount point, hard-linked, or its directory is missing. Nothing was changed.',
    fix: 'The message says which.',
  },
  'changed-since': {
    summary: 'A rollback would lose a later change of the same file, or take a file away that later ones live by.',
    fix: 'Take the later changes back first.',
  },
  'changed-since-set': {
    summary: 'A key that the site no longer wants was changed by somebody else; it stays.',
    fix: '`lxcnet set` and `unset` change it.',
  },
  'file-exists': {
    summary: '`lxcnet import` never writes over a file.',
    fix: 'Name another.',
  },
  'foreign-journal': {
    summary: 'A tree given with --root holds an unfinished change that lxcnet did not write. Nothing of it was run.',
    fix: 'Look at it, and remove it.',
  },
  'import-not-empty': {
    summary:
      'What a host has cannot be said in a site file, or not so that its plan is empty: it may remember an older site.',
    fix: 'The message says what.',
  },
  'include-wins': {
    summary: "An include sets the key too, and LXC takes its value; lxcnet edits only the container's own file.",
    fix: 'Change it in the include, or remove the lxc.include line.',
  },
  interrupted: {
    summary: 'Ended by a signal, or the shell on the host was killed or cut off while it carried out a change.',
    fix: 'The next changing command completes the change or takes it back.',
  },
  'link-in-use': {
    summary:
      'Running containers have NICs on a bridge or switch that goes with the rollback of the change that made it.',
    fix: 'Stop them first, or --allow link-in-use.',
  },
  locked: { summary: 'Another lxcnet is changing the host.', fix: 'Wait until it is done.' },
  'lxc-create-failed': { summary: 'lxc-create did not make the container.', fix: 'Run the command that is shown.' },
  'missing-answer': {
    summary: 'Something was not said, and nobody is there to ask.',
    fix: 'Add the flag that is named.',
  },
  'missing-tool': {
    summary: 'The host lacks a command that reading it, or every change, needs. Nothing was changed.',
    fix: 'Install the package that is named.',
  },
  'name-shifts': {
    summary: 'Another NIC without a name of its own is called differently inside afterwards.',
    fix: 'Give it the name it has: lxcnet set CT:N name=eth1.',
  },
  'next-per-host': {
    summary: 'next: was used on several hosts, and each chooses for itself.',
    fix: 'Name the addresses in a site file.',
  },
  'no-boot-recovery': {
    summary: 'The host has no way that lxcnet knows to take a change back while it boots.',
    fix: 'Do not reboot it before the change is confirmed; the next lxcnet takes it back otherwise.',
  },
  'no-container': { summary: 'There is no such container.', fix: '`lxcnet list` shows the containers.' },
  'no-entry': { summary: 'The history has no such change.', fix: '`lxcnet history` lists them.' },
  'no-nic': { summary: 'The container has no such NIC.', fix: '`lxcnet show` lists its NICs.' },
  'no-rights': {
    summary: "lxcnet's journal cannot be written: no right, or a read-only file system. Nothing was changed.",
    fix: 'Run lxcnet as root.',
  },
  'no-root': { summary: '--root names no directory.', fix: 'Name a tree with var/lib/lxc below it.' },
  'nothing-awaits': {
    summary: 'No change waits for a confirmation on the host.',
    fix: '`lxcnet history` shows what became of it.',
  },
  'name-taken': {
    summary: 'Something that lxcnet did not make has the name already.',
    fix: 'Take another name, or see to it by hand.',
  },
  'no-boot': {
    summary: 'lxcnet knows no way to be started when this host boots.',
    fix: 'Have the host run `sh /etc/lxcnet/boot` when its network is up and before the containers start.',
  },
  'no-object': {
    summary: 'The host has nothing of that kind by that name.',
    fix: '`list` of the same noun shows what there is.',
  },
  'not-ours': {
    summary: 'lxcnet did not make it, and never deletes what it did not make.',
    fix: 'Remove it by hand where it is not wanted.',
  },
  'object-exists': {
    summary: 'There is one of that name already, with other settings.',
    fix: '`set` of the same noun changes it.',
  },
  'not-committed': {
    summary: 'The change did not take effect, so there is nothing to take back.',
    fix: '`lxcnet history` shows what became of it.',
  },
  'not-in-legacy': { summary: 'The syntax of LXC before 2.1 has no such key.', fix: '`lxcnet upgrade` first.' },
  'phys-cuts-way': {
    summary: 'A container would take the link by which the host is administered, and no confirmation brings that back.',
    fix: 'Give it another link, or start it from a console.',
  },
  'record-dropped': {
    summary: 'A container that the site set something of is gone from the host.',
    fix: 'Nothing to do when it was removed; else mount its storage, or give the right -P.',
  },
  recovered: { summary: 'A change that a killed run had left was finished or taken back.', fix: 'Nothing to do.' },
  'second-nic': {
    summary: 'The container had a NIC already, as the default.conf of a distribution gives it.',
    fix: 'To have the new one alone: --replace.',
  },
  stale: {
    summary: 'The host has changed between reading and changing it. Nothing was changed.',
    fix: 'Run the command again.',
  },
  unfinished: { summary: 'A killed run left a change unfinished.', fix: 'Run the command again.' },
  'subnet-taken': {
    summary: 'Another link of the host has an address of the same subnet, so that one of the two is deaf for the host.',
    fix: 'Choose another subnet, or --allow subnet-taken.',
  },
  'unknown-command': { summary: 'There is no such command.', fix: '`lxcnet help`' },
  'unknown-flag': { summary: 'The command has no such flag.', fix: 'Add --help.' },
  unreachable: {
    summary: 'No shell could be started, or it ended before it answered.',
    fix: 'Check that sh, tar, xargs and find work there.',
  },
  unreadable: { summary: 'A config cannot be read.', fix: 'Run lxcnet as root.' },
  usage: { summary: 'The command line is not right.', fix: 'Add --help.' },
  'which-nic': { summary: 'The container has several NICs and none was named.', fix: 'CONTAINER:INDEX' },
}

export const codes: Record<string, { summary: string; fix: string }> = {
  ...problemCodes,
  ...dnsmasqCodes,
  ...bridgeCodes,
  ...nicCodes,
  ...natCodes,
  ...inventoryCodes,
  ...firewallCodes,
  ...gatewayCodes,
  ...ovsCodes,
  ...shimCodes,
  ...siteCodes,
  ...sshCodes,
  ...ownCodes,
}
