"""Does a bundle still hold what it says, and how does it compare with the one before?"""
