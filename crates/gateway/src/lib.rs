//! The client that an S3 gateway embeds to ask Keyreeve. Its room and its arrows are here; the client is not yet.
