"""The fake behind the libraries that clients use, at the built-in address, without a socket."""
