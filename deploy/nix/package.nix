# One of the two programs, built from this repository.
{
  lib,
  rustPlatform,
  program,
}:
let
  workspace = (lib.importTOML ../../Cargo.toml).workspace.package;
in
rustPlatform.buildRustPackage {
  pname = program.name;
  inherit (workspace) version;
  src = ../..;
  cargoLock.lockFile = ../../Cargo.lock;
  cargoBuildFlags = [
    "--package"
    program.name
  ];
  # The tests of the workspace need homeservers and databases; `cargo xtask test` sets them up.
  doCheck = false;
  meta = {
    inherit (program) description;
    license = lib.getLicenseFromSpdxId workspace.license;
    mainProgram = program.name;
    platforms = lib.platforms.linux;
  };
}
