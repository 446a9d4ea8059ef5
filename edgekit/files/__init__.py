"""Files and folders: documents read strictly, folders made whole, digests, all-or-none writes."""
