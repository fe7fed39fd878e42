//! LLMIO as an AWS Lambda function, behind a function URL or an HTTP API of API Gateway.

mod answer;
mod deadline;
mod event;
mod function;
mod logging;
mod runtime;
mod settings;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One thread: Lambda gives a process one request at a time, and commonly less than one processor.
fn main() -> ExitCode {
    logging::init();
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| format!("the asynchronous runtime cannot be started: {cause}"))
        .and_then(|runtime| runtime.block_on(runtime::run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tracing::error!("LLMIO cannot start: {problem}");
            ExitCode::FAILURE
        }
    }
}
