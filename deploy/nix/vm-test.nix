# The example's machine in a virtual one: nix build '.?dir=deploy/nix#checks.x86_64-linux.machine'
#
# Both programs become ready beside Synapse, are killed and come back, and make a backup. Slack is not asked: nobody logs in.
{ pkgs, modules }:
pkgs.testers.runNixOSTest {
  name = "bridge-machine";

  nodes.machine = {
    imports = modules ++ [ ./example-host.nix ];
    virtualisation.memorySize = 2048;
  };

  testScript = ''
    programs = {"bridge-slack": 29400, "bridge-bots": 29420}

    machine.start()
    machine.wait_for_unit("matrix-synapse.service")
    for name, port in programs.items():
        ready = f"curl --fail --silent http://127.0.0.1:{port}/health/ready"
        with subtest(f"{name} becomes ready"):
            machine.wait_for_unit(f"{name}.service")
            machine.wait_until_succeeds(ready, timeout=120)

        with subtest(f"{name} comes back after a kill"):
            machine.succeed(f"systemctl kill --signal=KILL {name}.service")
            machine.wait_until_succeeds(f"test $(systemctl show --property=NRestarts --value {name}.service) -ge 1")
            machine.wait_until_succeeds(ready, timeout=120)

        with subtest(f"{name} is backed up"):
            machine.succeed(f"systemctl start {name}-backup.service")
            machine.succeed(f"test -n \"$(ls /var/backups/{name})\"")

        with subtest(f"{name} keeps its secrets to itself"):
            machine.fail(f"su nobody -s /bin/sh -c 'cat /var/lib/{name}/secret.key'")
  '';
}
