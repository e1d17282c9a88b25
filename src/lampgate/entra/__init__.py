"""What is particular to Microsoft Entra ID."""
