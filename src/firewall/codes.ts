export const firewallCodes: Record<string, { summary: string; fix: string }> = {
  'bad-target': {
    summary: 'Not a target of a forward: a container or an address, and the port there when it is another one.',
    fix: 'For instance web:443, 10.0.3.5:443, [fd00::5]:443.',
  },
  'docker-drops': {
    summary: 'Docker drops what this host forwards, and a rule elsewhere does not change that.',
    fix: '--through docker adds a rule to DOCKER-USER; --allow docker-drops if you pass it through yourself.',
  },
  'firewall-down': {
    summary: 'The rules of lxcnet are gone, or are others than it made: a ruleset was flushed, or edited by hand.',
    fix: '`sh /etc/lxcnet/boot`, or `systemctl restart lxcnet`; a boot brings them back too.',
  },
  'firewall-no-tool': {
    summary: 'The host has neither nft nor iptables, so nothing can make the rules.',
    fix: '`apt-get install nftables`, or whatever brings nft there.',
  },
  'forward-no-listen': {
    summary: 'No link of the host has the address that the forward listens on.',
    fix: 'Nothing to do where the address comes later; else name one that `ip -br address` lists.',
  },
  'forward-overlaps': {
    summary: 'Two forwards take the same port, or the host has another rule for it.',
    fix: 'Take another port, or name an address to listen on.',
  },
  'forward-no-target': {
    summary: 'The target of a forward is not there, or has no address that the host could know.',
    fix: 'Name a container as `lxcnet list` prints it, or an address.',
  },
  'forward-moved': {
    summary: 'The container has another address than the one that the forward leads to.',
    fix: '`lxcnet forward set NAME to=TARGET` leads it there.',
  },
  'forward-resolved': {
    summary: 'The container gets its address from a DHCP server: lxc.hook.start-host asks for it at every start.',
    fix: 'Give it a fixed one: `lxcnet set CT:N ipv4.address=ADDRESS/PREFIX`, or reserve its lease.',
  },
  'forward-unreached': {
    summary: 'The target of a forward is a macvlan container, and a host does not reach those on its own links.',
    fix: '`lxcnet shim create LINK --address ADDRESS/PREFIX` lets it.',
  },
  'forwards-dropped': {
    summary: 'A firewall of the host drops what is forwarded, and a rule elsewhere does not change that.',
    fix: 'Let it through there, then --allow forwards-dropped.',
  },
  'port-taken': {
    summary: 'Something on the host listens on the port, and would not be reached any more.',
    fix: 'Take another port, or name an address to listen on; --allow port-taken if it shall be so.',
  },
  'table-taken': {
    summary: 'The host has a table `inet lxcnet` that lxcnet did not write.',
    fix: '`nft list table inet lxcnet` shows it; give it another name.',
  },
  'ufw-drops': {
    summary: 'ufw drops what this host forwards, and a rule elsewhere does not change that.',
    fix: '--through ufw has `ufw route allow` let it through; --allow ufw-drops if you do that yourself.',
  },
}
