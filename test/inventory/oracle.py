"""Reads inventories as Ansible does: a JSON list of texts on stdin, a JSON list of what they mean on stdout.

The same calls as `ansible-inventory --list` makes (ansible/cli/inventory.py), for many texts in one process; a text that
Ansible refuses is null.
"""
import json
import os
import sys
import tempfile

from ansible import constants as C
from ansible.cli.inventory import INTERNAL_VARS
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

C.INVENTORY_ANY_UNPARSED_IS_FAILED = True
C.INVENTORY_ENABLED = ['ini']  # or a text that happens to be YAML would be read as that


def read(path):
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[path])
    variables = VariableManager(loader=loader, inventory=inventory)
    hosts = {}
    for host in inventory.get_hosts():
        known = variables.get_vars(host=host, include_hostvars=False, stage='all')
        hosts[host.name] = {key: value for key, value in known.items() if key not in INTERNAL_VARS}
    return {
        'hosts': hosts,
        'groups': {name: sorted(host.name for host in group.get_hosts()) for name, group in inventory.groups.items()},
        'order': list(inventory.hosts),
    }


answers = []
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'hosts')
    for text in json.load(sys.stdin):
        with open(path, 'wb') as file:
            file.write(text.encode('latin-1'))
        try:
            answers.append(read(path))
        except Exception:
            answers.append(None)
# what is no JSON (a set, bytes) is shown as Python shows it
json.dump(answers, sys.stdout, default=repr)
