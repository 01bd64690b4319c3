//! The program harness tried on a shell.
use super::*;

const SOON: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Program {
    Program::new("/bin/sh").unwrap().arg("-c").arg(script)
}

#[tokio::test]
async fn runs_to_the_end_and_keeps_output() {
    let mut program = shell("echo $GREETING; echo bad >&2; pwd; exit 3").env("GREETING", "hello");
    let (code, output) = program.run(SOON).await.unwrap();
    assert_eq!(code, 3);
    assert!(output.starts_with("hello\nbad\n"), "{output}");
    assert!(output.contains(&*program.folder().to_string_lossy()), "{output}");
}

#[tokio::test]
async fn kill_and_restart_keep_the_folder() {
    let mut program = shell("echo run >> runs; echo started; while true; do sleep 0.05; done");
    program.start().unwrap();
    program.wait_for_log("^started$", 0, SOON).await.unwrap();
    assert!(program.resident_memory().unwrap() > 0);
    program.kill9().unwrap();
    assert_eq!(program.exit_code(), Some(-9));
    let from = program.log_position();
    program.restart().unwrap();
    program.wait_for_log("^started$", from, SOON).await.unwrap();
    assert_eq!(std::fs::read_to_string(program.folder().join("runs")).unwrap(), "run\nrun\n");
}

#[tokio::test]
async fn terminate_lets_it_clean_up() {
    let mut program = shell("trap 'echo bye; exit 7' TERM; echo up; while true; do sleep 0.05; done");
    program.start().unwrap();
    program.wait_for_log("up", 0, SOON).await.unwrap();
    assert_eq!(program.terminate(SOON).await.unwrap(), 7);
    assert!(program.log().contains("bye"));
}

#[tokio::test]
async fn an_early_end_is_told_with_the_output() {
    let mut program = shell("echo the config is wrong; exit 1");
    program.start().unwrap();
    let error = program.wait_ready("http://127.0.0.1:9/health/ready", SOON).await.unwrap_err().to_string();
    assert!(error.contains("exit code 1") && error.contains("the config is wrong"), "{error}");
}

#[test]
fn a_missing_program_is_told() {
    assert!(Program::new("/nowhere/at/all").unwrap_err().to_string().contains("/nowhere/at/all"));
}
