"""What the vendor documents, and what its page leaves open. Knows no server and no fake."""
