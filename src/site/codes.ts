/** Every code that a site file can give besides those of the nic room: what it means and the way out. */
export const siteCodes: Record<string, { summary: string; fix: string }> = {
  'address-not-said': {
    summary: 'A site file says next:, auto or dhcp for an address or a MAC: it would mean something else each time.',
    fix: 'Write the address, or leave it out where DHCP gives one.',
  },
  'address-outside': {
    summary: 'An address is outside the subnet of the network that its NIC names.',
    fix: 'Take an address of the subnet, or name another network.',
  },
  'bad-host-name': {
    summary: 'Not a name that a host can have in an inventory and for ssh(1).',
    fix: 'Letters, digits, ".", "_", "-" and ":", no "-" in front.',
  },
  'bad-key': { summary: 'A key of a YAML mapping is not one word.', fix: 'Write `key: value`.' },
  'bad-login': {
    summary: 'How to log in to a host is not said as ssh(1) takes it, or said twice in different ways.',
    fix: 'address: root@203.0.113.5:2222',
  },
  'bad-network-name': { summary: 'Not the name of a network.', fix: 'Letters, digits, ".", "_" and "-".' },
  'bad-site-name': { summary: 'Not the name of a site.', fix: 'Small letters, digits and "-".' },
  'bad-subnet': { summary: 'Not a subnet with a prefix.', fix: 'Write 10.0.5.0/24 or 2001:db8:5::/64.' },
  'container-repeated': {
    summary: 'A site file has the same container twice on one host.',
    fix: 'Keep one of them, or put their NICs together.',
  },
  'container-twice': {
    summary: 'Containers of one name are on two hosts of the site.',
    fix: 'Fine for a stand-by; else give it another name.',
  },
  'duplicate-key': { summary: 'A YAML mapping has a key twice.', fix: 'Keep one of them.' },
  'host-differs': {
    summary: 'The name of a container ends in @HOST, and its host key says another host.',
    fix: 'Keep one of them.',
  },
  'host-missing': { summary: 'Nothing says which host a container lives on.', fix: 'Add host: NAME.' },
  'host-not-listed': {
    summary: 'A host is named that the hosts of the site file, or the `hosts` of an object, do not have.',
    fix: 'Correct the name, or put "NAME: {}" below hosts.',
  },
  'key-missing': {
    summary: 'An object of the site file lacks a key that it has to have on each of its hosts.',
    fix: 'Add the key, for all hosts or below `on` for one.',
  },
  'merge-key': {
    summary: 'The key "<<" of YAML 1.1 is not known here.',
    fix: 'Write out what it brings in; what NICs have in common belongs into networks.',
  },
  'network-not-listed': {
    summary: 'A NIC names a network that the networks of the site file do not have.',
    fix: 'Correct the name, or put the network below networks.',
  },
  'no-site-file': {
    summary: 'There is no site file of that name, or it cannot be read.',
    fix: '`lxcnet import` writes one from live hosts; --file names another.',
  },
  'object-repeated': {
    summary: 'A site file gives one host the same object twice.',
    fix: 'Name the host once.',
  },
  'no-such-key': { summary: 'A site file has no such key in that place.', fix: 'See lxcnet.yaml(5).' },
  'no-value': { summary: 'A key of a site file has no value.', fix: 'Write one, or leave the key out.' },
  'not-utf-8': { summary: 'A site file has to be UTF-8.', fix: 'iconv -f latin1 -t UTF-8' },
  'prefix-differs': {
    summary: 'The prefix of an address is not that of its network.',
    fix: 'Leave the prefix out, unless it is meant so.',
  },
  'site-empty': {
    summary: 'Nothing stands in the site file. That it should mean "no containers" is not taken for granted.',
    fix: '`lxcnet import` writes one from live hosts.',
  },
  'subnet-host-bits': { summary: 'A subnet has bits set behind its prefix.', fix: "Write the subnet's own address." },
  'subnet-overlap': {
    summary: 'The subnets of two networks overlap; a warning where both are of veths and no host has both.',
    fix: 'Give each network a subnet of its own.',
  },
  'wrong-kind': {
    summary: 'One value, a list or a mapping stands where a site file has something else.',
    fix: 'See lxcnet.yaml(5).',
  },
  'yaml-syntax': { summary: 'The site file is not YAML.', fix: 'Indent with blanks; quote special characters.' },
  'yaml-tag': { summary: 'A site file has no YAML tags.', fix: 'Leave it out.' },
}
