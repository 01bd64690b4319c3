# The example's machine and its test, with a stand-in for nixpkgs: nix-instantiate --eval --strict --json deploy/nix/tests/example.nix
#
# Gives what is enabled, or says what an example sets that no option of ours knows.
let
  programs = import ../programs.nix;
  host = import ../example-host.nix;
  lib = import ./lib.nix;
  test = import ../vm-test.nix {
    pkgs.testers.runNixOSTest = test: test;
    modules = [ ];
  };
  options =
    name:
    (import ../module.nix { program = programs.${name}; self = { }; } {
      inherit lib;
      pkgs.formats.yaml = _: { };
      config.services.${name}.makeSecrets = true;
    }).options.services.${name};
  unknown =
    name:
    builtins.filter (key: !(builtins.hasAttr key (options name))) (builtins.attrNames host.services.${name});
  mistakes = builtins.concatLists (map unknown (builtins.attrNames programs));
in
if mistakes != [ ] then
  throw "the example sets what there is not: ${toString mistakes}"
else if !(builtins.all (name: builtins.match ".*${name}.*" test.testScript != null) (builtins.attrNames programs)) then
  throw "the test leaves a program out"
else
  {
    enabled = builtins.filter (name: host.services.${name}.enable) (builtins.attrNames host.services);
    nodes = builtins.attrNames test.nodes;
  }
