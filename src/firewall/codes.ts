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
    summary:
      'The rules of lxcnet are gone, or not what they should be: a ruleset was flushed or edited by hand, or the default route that isolated networks leave by has moved.',
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
  'forward-far': {
    summary: 'The host reaches the target of a forward by its default route alone: it is none of its networks.',
    fix: 'Name a container, or an address of a network that `ip route` lists.',
  },
  'forward-moved': {
    summary: 'The container has another address than the one that the forward leads to.',
    fix: '`lxcnet forward set NAME to=TARGET` leads it there; a container that runs without its address is restarted.',
  },
  'forward-old-flows': {
    summary: 'Flows of UDP go on to the old target of a forward as long as packets come: conntrack(8) is missing.',
    fix: '`apt-get install conntrack`, or wait for 3 minutes of silence (nf_conntrack_udp_timeout_stream is 120 s).',
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
  'masquerade-no-address': {
    summary: 'A network goes out as an address that no link of the host has: nothing answers it.',
    fix: 'Add the address to a link, or take one that `ip -br address` lists.',
  },
  'port-taken': {
    summary: 'Something on the host listens on the port, and would not be reached any more.',
    fix: '`ss -lntup` tells what it is. Take another port, or an address to listen on; or --allow port-taken.',
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
