//! Alibaba Cloud Function Compute: plain HTTP, by a custom runtime.
//!
//! The program listens on every address, on the port that it is told. The platform adds headers `x-fc-…` to each request,
//! some of them with keys: nothing here reads or logs them. It freezes the process once no request is open
//! ([`super::http::Surroundings`]), and one process may get several requests at once.

use std::net::{Ipv4Addr, SocketAddr};

use crate::config::Env;

/// The port of a custom runtime that says nothing else.
const PORT: u16 = 9000;
/// Where the platform says which port it will connect to.
const PORTS: [&str; 2] = ["FC_SERVER_PORT", "FC_CUSTOM_LISTEN_PORT"];

/// Whether this process is there.
pub fn is_here(env: Env<'_>) -> bool {
    env("FC_FUNCTION_NAME").is_some_and(|name| !name.is_empty())
}

/// Where to listen.
///
/// # Errors
/// The variable that holds no port, and what it holds.
pub fn address(env: Env<'_>) -> Result<SocketAddr, (&'static str, String)> {
    let told = PORTS.into_iter().find_map(|name| Some((name, env(name).filter(|port| !port.is_empty())?)));
    let port = told.map_or(Ok(PORT), |(name, port)| port.parse().map_err(|_| (name, port)))?;
    Ok(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
}
