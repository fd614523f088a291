export const gatewayCodes: Record<string, { summary: string; fix: string }> = {
  'gateway-changed-since': {
    summary: 'The default gateway of a member was changed by somebody else since; it stays.',
    fix: '`lxcnet set CT:N ipv4.gateway=ADDRESS` changes it.',
  },
  'gateway-hook': {
    summary: "The container's config does not run the hook of the gateway, so that its next start brings no rules.",
    fix: '`lxcnet gateway set NAME` puts it back.',
  },
  'gateway-member': {
    summary: 'A member does not leave by the gateway: it is gone, or its NIC or its default gateway is another by now.',
    fix: '`lxcnet gateway set NAME` puts it back; `members=` of it says who is one.',
  },
  'gateway-member-dhcp': {
    summary: 'A member has another NIC without an address: a DHCP client there may bring a second default route.',
    fix: 'Remove that NIC, or have the client take no route.',
  },
  'gateway-member-leaves': {
    summary: 'A member has another default gateway, which it would lose to this one. `gateway delete` gives it back.',
    fix: '--allow gateway-member-leaves, or leave the container out.',
  },
  'gateway-nic': {
    summary: 'A NIC that the gateway, or a member, has already is not as it has to be; or one of a gateway is gone.',
    fix: 'The message says how it has to be.',
  },
  'gateway-old-lxc': {
    summary: 'LXC before 3.0 has no lxc.hook.start-host, which brings the rules at every start.',
    fix: 'Upgrade LXC; or set up a router inside the container.',
  },
  'gateway-rules': {
    summary: 'A running gateway does not forward, or its rules are gone: nobody leaves by it, or anybody comes in.',
    fix: '`lxcnet gateway set NAME` puts them back, and so does a restart of the container.',
  },
  'gateway-settings': {
    summary: 'The settings of a gateway contradict each other.',
    fix: 'The message says which.',
  },
}
