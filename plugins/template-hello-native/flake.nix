# The bot as a package and as a NixOS service. The file has to lie in the repository, which it builds from:
#
#     nix build '.?dir=plugins/template-hello-native'
#
# `cargo xtask deploy` evaluates it with a stand-in for nixpkgs; nothing was built with Nix yet.
{
  description = "A Matrix bot host with a bot of one's own";

  # Any nixpkgs whose Rust is as new as rust-toolchain.toml says.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      inherit ((lib.importTOML ./Cargo.toml).package) name version description license;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      forEachSystem = function: lib.genAttrs systems (system: function nixpkgs.legacyPackages.${system});
    in
    {
      packages = forEachSystem (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = name;
          inherit version;
          # The whole repository: the bot is a member of its workspace and shares its lock file.
          src = ../..;
          cargoLock.lockFile = ../../Cargo.lock;
          cargoBuildFlags = [
            "--package"
            name
          ];
          cargoTestFlags = [
            "--package"
            name
          ];
          meta = {
            inherit description;
            license = lib.getLicenseFromSpdxId license;
            mainProgram = name;
            platforms = lib.platforms.linux;
          };
        };
      });

      nixosModules.default = import ./module.nix { inherit self name; };
    };
}
