//! Integration tests: one binary, real programs and real servers.

mod architecture;
mod servers;
