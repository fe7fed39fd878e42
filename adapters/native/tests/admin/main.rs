//! The admin API on a real database, without a server: requests in, answers out.

mod frame;
mod providers;
mod support;
