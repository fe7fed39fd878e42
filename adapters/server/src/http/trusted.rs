use std::net::IpAddr;
use std::str::FromStr;

use http::HeaderMap;
use ipnet::IpNet;

/// The reverse proxies in front, whose word about the client is taken.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// The client's address: the rightmost of `X-Forwarded-For` that is not trusted, when `peer` is. What stands left of
    /// it is the client's own saying.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusts(peer) {
            return peer;
        }
        let named = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let named: Vec<_> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
        let mut client = peer;
        for address in named.into_iter().rev() {
            let Some(address) = parse(address) else { break };
            client = address;
            if !self.trusts(address) {
                break;
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Some proxies name the port, too.
fn parse(address: &str) -> Option<IpAddr> {
    let ip = address.parse().or_else(|_| address.parse::<std::net::SocketAddr>().map(|it| it.ip()));
    ip.ok().map(|ip: IpAddr| ip.to_canonical())
}

/// Addresses and networks, divided by commas.
impl FromStr for TrustedProxies {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let networks = text.split(',').map(str::trim).filter(|it| !it.is_empty()).map(|it| {
            let network = it.parse::<IpNet>().or_else(|_| it.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| format!("`{it}` is neither an address nor a network like 10.0.0.0/8"))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_is_who_the_trusted_say() {
        let local = "127.0.0.0/8,::1";
        for (trusted, peer, forwarded, client) in [
            (local, "192.0.2.1", &["198.51.100.1"][..], "192.0.2.1"),
            (local, "127.0.0.1", &[], "127.0.0.1"),
            (local, "127.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            (local, "::1", &["198.51.100.1"], "198.51.100.1"),
            (local, "127.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            (local, "127.0.0.1", &["203.0.113.9", "198.51.100.1:4711"], "198.51.100.1"),
            (local, "127.0.0.1", &["198.51.100.1, 127.0.0.2"], "198.51.100.1"),
            (local, "127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            (local, "127.0.0.1", &["198.51.100.1, forged"], "127.0.0.1"),
            (local, "127.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.0.0.0/8, 192.0.2.7", "10.1.2.3", &["203.0.113.9, 198.51.100.1, 192.0.2.7"], "198.51.100.1"),
            ("10.0.0.0/8", "10.1.2.3", &["10.9.9.9"], "10.9.9.9"),
            ("", "127.0.0.1", &["198.51.100.1"], "127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let proxies: TrustedProxies = trusted.parse().unwrap();
            let found = proxies.client(peer.parse().unwrap(), &headers);
            assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{trusted} {peer} {forwarded:?}");
        }
        assert!("10.0.0.0/99".parse::<TrustedProxies>().unwrap_err().contains("10.0.0.0/99"));
    }
}
