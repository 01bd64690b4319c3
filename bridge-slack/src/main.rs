//! The program `bridge-slack`.

fn main() -> std::process::ExitCode {
    bridge_core::service::main::<bridge_slack::Slack>()
}
