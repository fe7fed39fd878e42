//! Which failures to connect are this machine's own.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};

use tokio::net::TcpSocket;

/// The process's and the system's descriptors are used up, or the network's memory (`EMFILE`, `ENFILE`, `ENOBUFS`).
const USED_UP: &[i32] = if cfg!(windows) {
    &[10024, 10055]
} else if cfg!(any(target_os = "linux", target_os = "android")) {
    &[24, 23, 105]
} else {
    &[24, 23, 55]
};

/// Whether a connection could not be made for want of something here.
pub(super) fn is_at_fault(error: &(dyn StdError + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| cause(*error));
    let mut known = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    // A name lookup that found no descriptor says only that it failed, and a proxy's error may keep its cause to
    // itself: then trying shows it.
    known.any(is_want) || TcpSocket::new_v4().is_err_and(|error| is_want(&error))
}

fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    // An I/O error that holds another error passes over it to that one's cause.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn is_want(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::OutOfMemory)
        || error.raw_os_error().is_some_and(|code| USED_UP.contains(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn our_own_failures_are_known_by_their_codes() {
        let rows = [
            ("EMFILE", 24, true),
            ("ENFILE", 23, true),
            ("ENOMEM", 12, true),
            ("ENOBUFS", 105, true),
            ("EADDRNOTAVAIL", 99, true),
            ("ECONNREFUSED", 111, false),
            ("ECONNRESET", 104, false),
            ("ENETUNREACH", 101, false),
            ("EHOSTUNREACH", 113, false),
            ("ETIMEDOUT", 110, false),
        ];
        for (name, code, expected) in rows {
            let error = io::Error::from_raw_os_error(code);
            assert_eq!(is_at_fault(&error), expected, "{name}");
            let wrapped = io::Error::other(io::Error::other(error));
            assert_eq!(is_at_fault(&wrapped), expected, "{name}, as a cause");
        }
    }
}
