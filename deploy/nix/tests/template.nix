# The template's flake and module with what an operator would set: nix-instantiate --eval --strict --json deploy/nix/tests/template.nix
#
# Gives the text of its unit, which is then looked at like the others, or says what is not as it should be.
let
  lib = import ./lib.nix;
  name = "template-hello-native";
  pkgs = {
    stdenv.hostPlatform.system = "x86_64-linux";
    formats.yaml = _: {
      type = "yaml";
      generate = file: value: builtins.toFile file (builtins.toJSON value);
    };
    rustPlatform.buildRustPackage = package: package;
  };
  outputs = (import ../../../plugins/template-hello-native/flake.nix).outputs {
    self.packages.x86_64-linux.default = "/usr/local";
    nixpkgs = {
      inherit lib;
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (_: pkgs);
    };
  };
  package = outputs.packages.x86_64-linux.default;
  made = lib.evaluate outputs.nixosModules.default pkgs {
    services.${name} = {
      enable = true;
      settings.homeserver.name = "example.org";
      registrationFile = "/etc/${name}/registration.yaml";
      secretKeyFile = "/etc/${name}/secret.key";
    };
  };
  service = made.values.systemd.services.${name};
  text = import ./unit.nix;
in
if made.wrong != [ ] then
  throw (toString made.wrong)
else if package.pname != name || package.meta.mainProgram != name then
  throw "the package is not called ${name}"
else
  { "${name}.service" = text service; }
