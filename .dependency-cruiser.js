/**
 * Who may import whom. Rooms hold knowledge and are pure; the engine is the one mechanism and knows no room; workflows
 * bring the two together; commands parse and show. A new room is a new name in `rooms`.
 */
const rooms = 'nic|usernet|site|path|facts|boot|lxc-net|dnsmasq|bridge|ovs|firewall|gateway|shim'
const engine = 'plan|transaction|host|ssh|inventory|fleet|template|report'
const may = {
  commands: `cli|workflow|report|core|${rooms}`,
  cli: 'workflow|report|core',
  workflow: `${rooms}|${engine}|document|core`,
  [rooms]: 'document|core',
  plan: 'core',
  transaction: 'plan|host|template|core',
  host: 'template|core',
  ssh: 'host|core',
  inventory: 'core',
  fleet: 'core',
  template: 'core',
  report: 'plan|core',
  document: 'core',
  core: 'core',
}

const rule = (name, from, to) => ({ name, severity: 'error', from, to })
const owns = (file, library) =>
  rule(`${library} belongs to ${file}`, { path: '^src/', pathNot: `^${file}` }, { path: `node_modules/${library}/` })

export default {
  options: {
    // TypeScript 7 has no API to parse with; swc reads the same syntax.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'types'] },
  },
  forbidden: [
    ...Object.entries(may).map(([from, to]) =>
      rule(`${from} may import ${to}`, { path: `^src/(${from})/` }, { path: '^src/', pathNot: `^src/($1|${to})(/|$)` }),
    ),
    rule(
      'a room has one door',
      { path: '^src/', pathNot: `^src/(${rooms})/` },
      { path: `^src/(${rooms})/`, pathNot: '/index\\.ts$' },
    ),
    rule(
      'no I/O in pure code',
      { path: `^src/(${rooms}|plan|document|core)/` },
      { dependencyTypes: ['core'], pathNot: '^(node:)?net$' },
    ),
    rule('no cycles', { path: '^src/' }, { circular: true }),
    rule('sources stand alone', { path: '^src/' }, { path: '^(test|bin|templates|build)' }),
    rule('everything imported exists', { path: '^(src|bin|build)' }, { couldNotResolve: true }),
    owns('src/cli/', 'inquirer'),
    owns('build only', 'handlebars'),
    owns('build only', 'esbuild'),
    owns('src/report/', 'diff'),
    owns('src/core/', 'ip-address'),
    owns('src/ssh/', 'ssh2'),
    owns('src/inventory/', 'ini'),
    owns('src/site/', 'js-yaml'),
    owns('src/(site|bridge)/', 'yaml'),
    owns('src/site/', 'zod'),
  ],
}
