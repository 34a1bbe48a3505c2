//! Which addresses are the simulator's own: a page of another host is refused, and so is a picture of this one.

use std::net::{IpAddr, SocketAddr};

use http::Uri;
use url::{Host, Url};

use crate::simulator::Shared;

/// Where the simulator is reached.
#[derive(Debug, Clone)]
pub(super) struct Own {
    listens: SocketAddr,
    public: Option<Uri>,
}

impl Own {
    pub(super) fn of(shared: &Shared) -> Self {
        Self { listens: shared.address(), public: shared.origin().parse().ok() }
    }

    /// An address to be reached by.
    pub(super) fn address(&self) -> SocketAddr {
        self.listens
    }

    /// Whether this is how somebody reaches the simulator who does not come by a name of their own. An address is no
    /// name: whoever listens everywhere is reached by any of theirs.
    pub(super) fn is_host(&self, host: &str) -> bool {
        let public = self.public.as_ref().and_then(Uri::host);
        let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        public.is_some_and(|public| public.eq_ignore_ascii_case(host))
            || address.is_ok_and(|address| self.is_address(address))
            || host.eq_ignore_ascii_case("localhost")
    }

    /// Whether the simulator itself answers at this address.
    pub(super) fn answers(&self, url: &Url) -> bool {
        let public = self.public.as_ref().map(|public| public.port_u16().unwrap_or(80));
        let port = url.port_or_known_default();
        if port != Some(self.listens.port()) && port != public {
            return false;
        }
        match url.host() {
            Some(Host::Ipv4(address)) => address.is_unspecified() || self.is_address(address.into()),
            Some(Host::Ipv6(address)) => address.is_unspecified() || self.is_address(address.to_canonical()),
            // Browsers take all names below localhost for this machine.
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                self.is_host(name) || name.to_ascii_lowercase().ends_with(".localhost")
            }
            None => false,
        }
    }

    fn is_address(&self, address: IpAddr) -> bool {
        let listens = self.listens.ip();
        address.is_loopback() || address == listens || listens.is_unspecified()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::page) fn own() -> Own {
        Own {
            listens: ([127, 0, 0, 1], 8000).into(),
            public: Some(Uri::from_static("http://dingtalk.test:81")),
        }
    }

    #[test]
    fn it_knows_its_own_address_in_disguise() {
        for (address, expected) in [
            ("http://127.0.0.1:8000/page/events", true),
            ("http://LOCALHOST:8000/", true),
            ("http://localhost.:8000/", true),
            ("http://a.localhost:8000/", true),
            ("http://2130706433:8000/", true),
            ("http://0x7f.1:8000/", true),
            ("http://0.0.0.0:8000/", true),
            ("http://[::1]:8000/", true),
            ("http://[::ffff:127.0.0.1]:8000/", true),
            ("http://dingtalk.test:81/", true),
            ("http://127.0.0.1:3000/graph.png", false),
            ("https://example.com:8000/", false),
            ("https://example.com/", false),
        ] {
            assert_eq!(own().answers(&Url::parse(address).expect("an address")), expected, "{address}");
        }
    }
}
