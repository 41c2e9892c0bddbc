/** AWS Signature Version 4: who signed this request? */
export {}
