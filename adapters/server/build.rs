//! The console is embedded as it was built last: a new build of it is a reason to build this again.

fn main() {
    println!("cargo:rerun-if-changed=../../webui/dist");
    println!("cargo:rerun-if-changed=build.rs");
}
