"""The artifact for app teams: files that apps can open, with what proves and describes them."""
