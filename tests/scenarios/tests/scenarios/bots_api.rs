//! The host's API, over HTTP as a program uses it.
