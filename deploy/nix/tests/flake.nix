# The flake's outputs with a stand-in for nixpkgs: nix-instantiate --eval --strict --json deploy/nix/tests/flake.nix
#
# Gives what can be built and what can be imported, or says what is not as it should be.
let
  lib = import ./lib.nix;
  pkgs.callPackage =
    file: given:
    import file (
      {
        inherit lib;
        rustPlatform.buildRustPackage = package: package;
      }
      // given
    );
  outputs = (import ../flake.nix).outputs {
    self = outputs;
    nixpkgs = {
      inherit lib;
      legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (_: pkgs);
    };
  };
  cargo = lib.importTOML ../../../Cargo.toml;
  isGood =
    name: package:
    package.pname == name
    && package.meta.mainProgram == name
    && package.version == cargo.workspace.package.version
    && package.meta.license.spdxId == cargo.workspace.package.license
    && builtins.elem name cargo.workspace.members
    && builtins.pathExists package.cargoLock.lockFile
    && builtins.pathExists (package.src + "/rust-toolchain.toml");
  packages = outputs.packages.x86_64-linux;
  bad = builtins.filter (name: !isGood name packages.${name}) (builtins.attrNames packages);
in
if bad == [ ] then
  {
    packages = builtins.attrNames packages;
    modules = builtins.attrNames outputs.nixosModules;
  }
else
  throw "the package of ${toString bad} does not fit Cargo.toml"
