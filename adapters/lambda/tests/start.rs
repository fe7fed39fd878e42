//! The program as somebody starts it who is not Lambda.

use std::process::Command;

#[test]
fn outside_lambda_it_says_where_it_belongs() {
    let output = Command::new(env!("CARGO_BIN_EXE_bootstrap"))
        .env_remove("AWS_LAMBDA_RUNTIME_API")
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    for part in ["AWS_LAMBDA_RUNTIME_API", "cargo lambda watch", "llmio"] {
        assert!(said.contains(part), "no {part}: {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}
