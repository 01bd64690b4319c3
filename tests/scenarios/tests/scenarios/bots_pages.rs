//! The host's pages, as a browser without script uses them.
