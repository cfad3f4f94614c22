"""A report on one or more scenarios, in Chinese or English, as PDF or DOCX.

``content.py`` says what stands in it, as a list of blocks; ``as_pdf.py`` and ``as_docx.py`` write blocks;
``figures.py`` draws, and ``fonts.py`` takes from the Chinese face the glyphs that a report needs.
"""
