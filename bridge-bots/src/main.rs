//! The program `bridge-bots`.

fn main() -> std::process::ExitCode {
    bridge_bots::main()
}
