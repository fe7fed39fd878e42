//! usage: llmio-original PATH [ENTRIES]     writes a database as the original LLMIO has them

use llmio_original::{Spec, make};

#[tokio::main(flavor = "current_thread")]
async fn main() -> libsql::Result<()> {
    let mut args = std::env::args().skip(1);
    let Some(path) = args.next() else {
        eprintln!("usage: llmio-original PATH [ENTRIES]");
        std::process::exit(2);
    };
    let entries = args.next().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    make(path.as_ref(), &Spec::new(entries)).await
}
