/** Where lxcnet reads an inventory differently from Ansible on purpose, and why. */
export interface Difference {
  reason: string
  text: string
  /** Hosts with their variables; null where lxcnet refuses. */
  ours: Record<string, Record<string, string>> | null
}

export const differences: Difference[] = [
  {
    reason: 'a variable has a name: nothing can ask for one without',
    text: 'h1 =x\n',
    ours: null,
  },
  {
    reason: 'a host name has no blank in it: ssh would take it for two words',
    text: '"h 1"\n',
    ours: null,
  },
  {
    reason: 'a host name does not begin with a dash: ssh would take it for a flag',
    text: '-oProxyCommand=x\n',
    ours: null,
  },
  {
    reason: 'a range that holds nothing is a slip',
    text: 'h[3:1]\n',
    ours: null,
  },
  {
    reason: 'a range of words is a slip: Ansible looks them up in the alphabet',
    text: 'h[ab:cd]\n',
    ours: null,
  },
  {
    reason: 'a range goes upwards',
    text: 'h[1:3:-1]\n',
    ours: null,
  },
  {
    reason: 'ungrouped is the child of no group: Ansible then loses its hosts',
    text: 'h1\n[web:children]\nungrouped\n',
    ours: null,
  },
  {
    reason: 'a variable of a host is its own, even when a group has the same name',
    text: '[h1]\nh1 a=1\nh2\n',
    ours: { h1: { a: '1' }, h2: {} },
  },
  {
    reason: 'a priority is a whole number',
    text: '[web]\nh1\n[web:vars]\nansible_group_priority=1.5\n',
    ours: null,
  },
  {
    reason: "lxcnet needs no number in Python's other spellings, and keeps them as written",
    text: 'h1 a=1_000\n',
    ours: { h1: { a: '1_000' } },
  },
  {
    reason: "of Python's strings lxcnet reads the plain ones: no prefix, no concatenation, no letters by number",
    text: `h1 a="'x' 'y'" b="r'x'" c="'\\\\x41'"\n`,
    ours: { h1: { a: "'x' 'y'", b: "r'x'", c: '\\x41' } },
  },
  {
    reason: 'bytes are bytes, in UTF-8 or not',
    text: 'h1 a=\xe9\n',
    ours: { h1: { a: '\ufffd' } },
  },
  {
    reason: 'only CR and LF end a line, as in every editor',
    text: 'h1 a=x\fb=y\n',
    ours: { h1: { a: 'x\fb=y' } },
  },
  {
    reason: 'a name in quotes in [group:vars] is read without them',
    text: '[web]\nh1\n[web:vars]\n"a" = 1\n',
    ours: { h1: { a: '1' } },
  },
  {
    reason: "lxcnet_* is lxcnet's own corner, where a name that it does not know is a slip",
    text: 'h1 lxcnet_color=red\n',
    ours: null,
  },
]
