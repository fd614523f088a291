/** Every code that logging in to a host gives: what it means and the way out. The manual is made from it. */
export const sshCodes: Record<string, { summary: string; fix: string }> = {
  'bad-target': {
    summary: 'A host, user, port or argument that ssh could take for something else.',
    fix: 'Correct it in the inventory or on the command line.',
  },
  'host-key-changed': {
    summary: 'The host shows another host key than the one in known_hosts, of whatever type.',
    fix: 'Ask whoever runs the host; then ssh-keygen -R HOST.',
  },
  'host-key-revoked': {
    summary: 'The host shows a key that known_hosts marks as @revoked.',
    fix: 'Do not connect; the host needs a new key.',
  },
  'host-key-unknown': {
    summary: 'The host key is in no known_hosts file.',
    fix: 'Compare its fingerprint on the console of the host, then log in once by hand, or --host-key accept-new.',
  },
  'jump-failed': { summary: 'A jump host could not be passed.', fix: 'Try it by itself: ssh JUMPHOST.' },
  'key-format': {
    summary: 'An identity file is in a form that the built-in SSH does not read, such as PKCS#8, or is a public key.',
    fix: 'ssh-keygen -p -f FILE writes it anew; or ssh-add, or --transport openssh.',
  },
  'key-missing': { summary: 'An identity file that is named does not exist.', fix: 'Correct IdentityFile.' },
  'key-mode': { summary: 'Others can read a private key, which is not used then.', fix: 'chmod 600 FILE' },
  'key-passphrase': {
    summary: 'The passphrase of a private key was not given or was wrong.',
    fix: 'ssh-add FILE, or run lxcnet on a terminal.',
  },
  'key-unreadable': { summary: 'A private key cannot be read.', fix: 'See ls -l FILE.' },
  'known-hosts-write': {
    summary: 'A new host key could not be recorded.',
    fix: 'Make the known_hosts file writable, or record the key with ssh-keyscan.',
  },
  'login-refused': {
    summary: 'The host took none of the keys that were offered.',
    fix: 'Try ssh HOST; put the public key into authorized_keys there.',
  },
  'ssh-config': { summary: 'ssh refuses its own configuration.', fix: 'Correct ~/.ssh/config; see ssh -G HOST.' },
  'ssh-unsupported': {
    summary: 'The login needs something that only the system ssh can do, which is not there or not allowed.',
    fix: 'Install OpenSSH, or --transport auto.',
  },
  'sudo-password': { summary: 'sudo does not take the password.', fix: 'Try it there: ssh -t HOST sudo -k true.' },
  'sudo-refused': {
    summary: 'sudo does not let the user become root: no rule, no password given, or no sudo.',
    fix: '--ask-sudo-password, or NOPASSWD in sudoers(5).',
  },
}
