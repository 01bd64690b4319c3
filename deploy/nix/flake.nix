# Both programs as packages and as NixOS services. It builds from the repository that it lies in:
#
#     nix build '.?dir=deploy/nix#bridge-slack'
#
# The modules are evaluated by `cargo xtask deploy` with a stand-in for nixpkgs' library; nothing was built with Nix yet.
{
  description = "A bridge between Matrix and Slack, and a host for Matrix bots";

  # Any nixpkgs whose Rust is as new as rust-toolchain.toml says.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
      ];
      programs = import ./programs.nix;
      forEachSystem = function: lib.genAttrs systems (system: function nixpkgs.legacyPackages.${system});
    in
    {
      packages = forEachSystem (
        pkgs: lib.mapAttrs (_: program: pkgs.callPackage ./package.nix { inherit program; }) programs
      );

      # Boots a virtual machine and takes minutes.
      checks = forEachSystem (pkgs: {
        machine = import ./vm-test.nix {
          inherit pkgs;
          modules = builtins.attrValues self.nixosModules;
        };
      });

      nixosModules = lib.mapAttrs (
        name: program: import ./module.nix { inherit self program; }
      ) programs;
    };
}
