"""What the registry keeps on disk: blobs, uploads, manifests, tags and referrers as files."""
