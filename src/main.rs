//! The entrypoint: the function itself, or one of its subcommands.

use std::process::ExitCode;

fn main() -> ExitCode {
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing installs a provider before main");
    dingops::cli::main()
}
